"""An annotation session is called a visit on all pages, so on those that Django titles as well."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0064_texts_of_studies_have_a_length")]

    operations = [
        migrations.AlterModelOptions("annotationsession", {"ordering": ["-created_at"], "verbose_name": "visit"}),
    ]
