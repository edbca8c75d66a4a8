"""The first table of API clients."""

import apps.clients.validation
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("miniprograms", "0001_miniprogram"),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Who calls, for example shop-frontend. The history remembers it with every code.', max_length=100, unique=True, verbose_name='name')),
                ('key_prefix', models.CharField(editable=False, max_length=12, verbose_name='key')),
                ('key_hash', models.CharField(editable=False, help_text='SHA-256 of the key, hex', max_length=64, unique=True)),
                ('scopes', models.JSONField(default=list, help_text='What the key may do. As little as it needs.', validators=[apps.clients.validation.validate_scopes], verbose_name='scopes')),
                ('is_limited', models.BooleanField(default=False, editable=False, verbose_name='limited to its mini-programs')),
                ('origins', models.JSONField(blank=True, default=list, help_text='One per line, like https://shop.example.com. Only pages from these may use the key. Empty: a key for servers, which browsers cannot use from other sites.', validators=[apps.clients.validation.validate_origins], verbose_name='browser origins')),
                ('networks', models.JSONField(blank=True, default=list, help_text='One per line, like 203.0.113.7 or 10.0.0.0/8. The key works only from these. Empty: from anywhere.', validators=[apps.clients.validation.validate_networks], verbose_name='networks')),
                ('is_active', models.BooleanField(default=True, help_text='Off: the key is refused, in every process within 3 seconds.', verbose_name='active')),
                ('expires_at', models.DateTimeField(blank=True, help_text='From this moment the key is refused. Empty: never.', null=True, verbose_name='expires at')),
                ('last_used_at', models.DateTimeField(editable=False, help_text='To about a minute.', null=True, verbose_name='last used at')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('miniprograms', models.ManyToManyField(blank=True, help_text='Those that the key may use. None chosen: every one, those added later included.', related_name='clients', to='miniprograms.miniprogram', verbose_name='mini-programs')),
            ],
            options={
                'verbose_name': 'API client',
                'verbose_name_plural': 'API clients',
                'ordering': ['name', 'id'],
            },
        ),
    ]
