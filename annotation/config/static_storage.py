"""How `collectstatic` hashes and compresses; named in the settings."""

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Brotli's highest quality takes 25 s for the files here and this one a second, for
# a tenth more bytes.
QUALITY = 9

# Our own modules import each other by their hashed names: a module that is known by two
# names runs twice. Other people's files have imports in their comments.
OWN_IMPORTS = (
    "annotation/*.js",
    (
        (
            r"""(?P<matched>(?P<names>\bimport\s[^;'"]*)["'](?P<url>\.[^"']+)["'];)""",
            '%(names)s"%(url)s";',
        ),
    ),
)


class FastCompressor(Compressor):  # type: ignore[misc]  # it has no stubs
    """WhiteNoise's compressor at a quality that a start can afford."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data in Brotli's format."""
        compressed: bytes = brotli.compress(data, quality=QUALITY)
        return compressed


class StaticStorage(
    CompressedManifestStaticFilesStorage  # type: ignore[misc]  # it has no stubs
):
    """Hashed names, kept for ever by browsers; compressed once, at the start."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, OWN_IMPORTS)

    def create_compressor(self, **options: object) -> Compressor:
        """Return the compressor that `collectstatic` runs over every file."""
        return FastCompressor(**options)
