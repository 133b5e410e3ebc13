"""A safety note raises alerts of its own, each note anew; an answer of a voice still does so once in a case."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_add_kept_answers")]

    operations = [
        migrations.AddField(
            model_name="raisedalert",
            name="note",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="collection.submission",
            ),
        ),
        migrations.RemoveConstraint(model_name="raisedalert", name="alert_once_per_case"),
        migrations.AddConstraint(
            model_name="raisedalert",
            constraint=models.UniqueConstraint(
                condition=models.Q(note=None), fields=("case", "alert"), name="alert_once_per_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="raisedalert",
            constraint=models.UniqueConstraint(fields=("case", "alert", "note"), name="alert_once_per_note"),
        ),
    ]
