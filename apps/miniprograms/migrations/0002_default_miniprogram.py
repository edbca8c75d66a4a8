"""One mini-program may be the default of the doors of older services."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('miniprograms', '0001_miniprogram'),
    ]

    operations = [
        migrations.AddField(
            model_name='miniprogram',
            name='is_default',
            field=models.BooleanField(default=False, help_text='The one that the doors of older services speak for: /api/extend/… and /api/qrcode. One at most.', verbose_name='default'),
        ),
        migrations.AddConstraint(
            model_name='miniprogram',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='miniprogram_one_default', violation_error_message='Another mini-program is the default: unmark that one first.'),
        ),
    ]
