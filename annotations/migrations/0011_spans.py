"""Spans of time; a trigger keeps them append-only, whoever writes to the table."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION annotations_span_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'spans are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER span_append_only BEFORE UPDATE OR DELETE ON annotations_span
    FOR EACH ROW EXECUTE FUNCTION annotations_span_refuse_change();
"""
BACKWARD = """
DROP TRIGGER span_append_only ON annotations_span;
DROP FUNCTION annotations_span_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0010_threshold_choices_judgements_and_suggestions")]

    operations = [
        migrations.CreateModel(
            name='Span',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_uuid', models.UUIDField(help_text='made by the browser: a span that is sent twice is stored once')),
                ('opening', models.UUIDField(help_text='the opening of a page that it belongs to: tells tabs and reloads apart')),
                ('kind', models.CharField(choices=[('visible', 'Visible'), ('idle', 'Idle'), ('hidden', 'Hidden'), ('offline', 'Offline'), ('waiting', 'Waiting'), ('enlarged', 'Enlarged')], max_length=8)),
                ('image_key', models.CharField(blank=True, help_text='the image that was enlarged', max_length=24)),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('assignment', models.ForeignKey(blank=True, help_text='on its pages', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='spans', to='annotations.assignment')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spans', to='annotations.annotationsession')),
            ],
            options={
                'ordering': ['session', 'began_at', 'id'],
                'constraints': [
                    models.UniqueConstraint(fields=('session', 'client_uuid'), name='span_once'),
                    models.CheckConstraint(condition=models.Q(('kind__in', ['visible', 'idle', 'hidden', 'offline', 'waiting', 'enlarged'])), name='span_kind_known'),
                    models.CheckConstraint(condition=models.Q(('began_at__lte', models.F('ended_at')), ('ended_at__lte', models.F('received_at'))), name='span_times_in_order'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'enlarged'), models.Q(('image_key', ''), _negated=True)), models.Q(models.Q(('kind', 'enlarged'), _negated=True), ('image_key', '')), _connector='OR'), name='span_has_image_where_enlarged'),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
