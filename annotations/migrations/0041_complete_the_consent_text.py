"""Studies begin with a consent text that names all that is stored; those that are there keep theirs."""

from django.db import migrations, models

from annotations.models import consent_texts


class Migration(migrations.Migration):
    dependencies = [("annotations", "0040_note_where_studies_stand_on_prolific")]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="consent_text",
            field=models.TextField(default=consent_texts.default_consent),
        ),
    ]
