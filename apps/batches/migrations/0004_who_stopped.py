"""Who paused or cancelled a batch, and when."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0003_repeated_orders'),
    ]

    operations = [
        migrations.AddField(
            model_name='codebatch',
            name='stopped_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='codebatch',
            name='stopped_by',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=150),
        ),
    ]
