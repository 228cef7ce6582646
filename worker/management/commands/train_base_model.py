"""Trains the classifier whose errors participants will see."""

from typing import Any

from django.conf import settings

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.base_model_report import base_model_report
from annotations.management.plain_command import PlainCommand
from worker.datasets.base_models import trained


class Command(PlainCommand):
    more = {"--l2": {"default": settings.DEFAULT_L2}}

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = find_dataset(options["dataset"])
        base_model, created = trained(dataset, name=options["name"], l2=options["l2"])
        self.stdout.write(
            f"{'Trained' if created else 'Nothing to do: already trained'} {base_model}, λ = {base_model.l2:g}"
        )
        training = base_model.training
        self.stdout.write(f"Loss {training['loss']:.6f}, at most {training['certified_gap']:.1e} above the optimum")
        self.tell(base_model_report(base_model))
