"""Trains the classifier whose errors participants will see."""

from typing import Any

from django.conf import settings
from django.core.management import CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.base_model_report import base_model_report
from annotations.management.plain_command import PlainCommand, add_dataset, positive
from worker.datasets.base_models import trained


class Command(PlainCommand):
    help = "Train a last layer on a data set's train features (ERM) and store it with its predictions."

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument("--name", default="erm", help="name of the base model (default: %(default)s)")
        parser.add_argument(
            "--l2", type=positive, default=settings.DEFAULT_L2, metavar="λ", help="default: %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = find_dataset(options["dataset"])
        base_model, created = trained(dataset, name=options["name"], l2=options["l2"])
        self.stdout.write(
            f"{'Trained' if created else 'Nothing to do: already trained'} {base_model}, λ = {base_model.l2:g}"
        )
        training = base_model.training
        self.stdout.write(f"Loss {training['loss']:.6f}, at most {training['certified_gap']:.1e} above the optimum")
        self.tell(base_model_report(base_model))
