import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0025_what_the_page_showed")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="licence",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CC0-1.0", "CC0 1.0: no rights reserved"),
                    ("CC-BY-4.0", "CC BY 4.0: with attribution"),
                    ("CC-BY-SA-4.0", "CC BY-SA 4.0: with attribution, under the same licence"),
                    ("CC-BY-NC-4.0", "CC BY-NC 4.0: with attribution, not commercially"),
                    ("ODbL-1.0", "ODbL 1.0: databases, under the same licence"),
                ],
                db_default="",
                default="",
                help_text="how others may use the release",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="doi",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="where an archive has reserved one for it, without https://doi.org/",
                max_length=120,
                validators=[
                    django.core.validators.RegexValidator(
                        "^10\\.\\d{4,9}/\\S+$", "A DOI begins with 10., as in 10.5281/zenodo.1234."
                    )
                ],
                verbose_name="DOI",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="authors",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="whom to cite, one a line: “family name, given names”, or the name of a group",
            ),
        ),
    ]
