from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("collection", "0004_give_copies_their_own_files"),
        ("schools", "0001_first"),
    ]

    operations = [
        migrations.AddField(
            model_name="entity",
            name="class_scope",
            field=models.CharField(default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="entity",
            index=models.Index(
                condition=models.Q(("class_scope", ""), _negated=True), fields=["class_scope"], name="entity_in_class"
            ),
        ),
        # The children on the list are in their classes already. (An entity has the id of its child.)
        migrations.RunSQL(
            "UPDATE collection_entity SET class_scope = 'class:' || CAST((SELECT child.school_class_id"
            " FROM schools_child child WHERE child.id = collection_entity.id) AS varchar(30))"
            " WHERE id IN (SELECT id FROM schools_child WHERE school_class_id IS NOT NULL)",
            migrations.RunSQL.noop,
        ),
    ]
