"""Django's registration of this app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Register `routing`."""

    name = "routing"

    def ready(self) -> None:
        """Say how the jobs of this app are run."""
        # Models are not there before this.
        from annotation.models import Job
        from annotation.selectors import ai_labels
        from annotation.services import demo
        from annotation.services.jobs import Registered, register

        register(Job.Kind.ROUTE, Registered("routing.services.runs.run_routing"))
        register(
            Job.Kind.EMBED,
            Registered(
                "routing.services.embedding.run_embedding",
                queue="models",
                can_pause=True,
                # Each goes on where the one before it died.
                max_attempts=200,
            ),
        )
        demo.register("routing.services.demo.seed_routed")
        ai_labels.register("routing.selectors.ai_labels.routed_labels")
