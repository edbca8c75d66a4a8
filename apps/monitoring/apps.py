"""The Django app of monitoring; it has no models and listens to what the other rooms do."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"

    def ready(self) -> None:
        # the listeners register themselves, once the models exist
        from apps.monitoring import listening  # noqa: F401, PLC0415
