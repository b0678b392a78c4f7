"""Django's registration of this app."""

from django.apps import AppConfig


class ModelsServiceConfig(AppConfig):
    """Register `models_service`."""

    name = "models_service"

    def ready(self) -> None:
        """Say how the jobs of this app are run."""
        # Models are not there before this.
        from annotation.models import Job
        from annotation.selectors import probabilities
        from annotation.services import demo
        from annotation.services.jobs import Registered, register

        probabilities.register("models_service.selectors.trust.calibrated_answers")

        demo.register("models_service.services.demo.seed_models")
        register(
            Job.Kind.PRE_ANNOTATE,
            Registered(
                "models_service.services.runs.run_pre_annotation",
                queue="models",
                can_pause=True,
                max_attempts=200,
                page="run",
            ),
        )
        register(
            Job.Kind.CHECK_BACKEND,
            Registered(
                "models_service.services.checks.run_check",
                queue="models",
                page="machine_check",
            ),
        )
        register(
            Job.Kind.TRAIN,
            Registered("models_service.services.training.run_training", queue="models"),
        )
