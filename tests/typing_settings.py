"""Settings for mypy's plugin, which loads Django and connects to nothing."""

from annotation.config import env

env.set_default("SECRET_KEY", "only for reading types, never for serving")
env.set_default("DATABASE_URL", "postgresql://postgres@/polyphony")
env.set_default("REDIS_URL", "redis://127.0.0.1/0")

from annotation.config.settings import *  # noqa: E402, F403 - the real settings
