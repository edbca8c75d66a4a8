"""The first table of open doors."""

import apps.clients.validation
import apps.gateway.openness
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='OpenDoor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('door', models.CharField(choices=[('token', 'GET /api/extend/get/wx/token'), ('unlimited', 'POST /api/extend/get/wx/unlimited'), ('qrcode', 'POST /api/qrcode'), ('health', 'GET /api/health')], max_length=16, unique=True, verbose_name='door')),
                ('networks', models.JSONField(blank=True, default=list, help_text='One per line, like 10.0.0.0/8. Only from these may the door be used without a key. Empty: from nowhere. 0.0.0.0/0 and ::/0 open it to the world, which the door for tokens never is.', validators=[apps.clients.validation.validate_networks], verbose_name='networks')),
                ('origins', models.JSONField(blank=True, default=list, help_text='One per line, like https://shop.example.com: pages of these may use the door from the networks above. http://localhost:* means every port of this machine. Empty: no pages of other sites.', validators=[apps.gateway.openness.validate_door_origins], verbose_name='browser origins')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
            ],
            options={
                'verbose_name': 'open door',
                'verbose_name_plural': 'open doors',
                'ordering': ['door'],
            },
        ),
    ]
