"""Pictures in S3-compatible object storage: one request per file, and errors that the service understands."""

import base64
import errno
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from io import BytesIO
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
# Pooled connections of a process: some fifty threads of a batch, and those of the web server.
CONNECTIONS = 64
# To see that the bucket can be written costs more than to see that it is there.
PROBE_NAME, WRITTEN_EVERY_SECONDS = "readyz", 60.0


class ObjectStorageFault(OSError):
    """The object storage refused or did not answer; `strerror` is its code or the kind of trouble, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what botocore raises into FileNotFoundError or ObjectStorageFault."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        # a HEAD has no body, hence no name for what is missing
        if code in ("404", "NoSuchKey"):
            raise FileNotFoundError(errno.ENOENT, "no such object") from None
        raise ObjectStorageFault(code or "unknown error") from None
    except BotoCoreError as error:
        # from None: the text may hold the address, which may hold credentials
        raise ObjectStorageFault(type(error).__name__) from None


@deconstructible(path="apps.codes.object_storage.ObjectStorage")
class ObjectStorage(S3Storage):
    """django-storages' S3Storage for files that are small and named by their content.

    It keeps one client for all threads (one for each, as upstream, was measured to take 18 MB and 0.17 s), sends each
    file with its MD5 so that a damaged one is refused, and leaves no transfer thread behind.
    Options: bucket_name, endpoint_url, region_name, access_key, secret_key, addressing_style, location, verify, ...
    https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html
    """

    client_config: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not self.bucket_name:
            raise ImproperlyConfigured('MEDIA_STORAGE_OPTIONS lacks the bucket: {"bucket_name": "..."}.')
        self.client_config = self.client_config.merge(
            Config(
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 2},
                max_pool_connections=CONNECTIONS,
                # the newer checksums are unknown to many compatible servers; MD5 is known to all
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )
        self._making = threading.Lock()
        self._shared: Any = None
        self._written_at = -WRITTEN_EVERY_SECONDS

    @property
    def connection(self) -> Any:
        """One for all threads; its `meta.client`, and nothing else of it, is safe for them."""
        if self._shared is None:
            with self._making:
                if self._shared is None:
                    self._shared = super().connection
        return self._shared

    @property
    def client(self) -> Any:
        return self.connection.meta.client

    def probe(self) -> None:
        """Return if the bucket is there and may be written. Raises FileNotFoundError, ObjectStorageFault."""
        with storage_errors():
            if time.monotonic() - self._written_at < WRITTEN_EVERY_SECONDS:
                self.client.head_bucket(Bucket=self.bucket_name)
                return
            self.client.put_object(Bucket=self.bucket_name, Key=self._key(PROBE_NAME), Body=b"")
            self._written_at = time.monotonic()

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        with storage_errors():
            answer = self.client.get_object(Bucket=self.bucket_name, Key=self._key(name))
            return File(BytesIO(answer["Body"].read()), name=name)

    def _save(self, name: str, content: "File[Any]") -> str:
        content.seek(0)
        body: bytes = content.read()
        digest = base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()
        parameters = self._get_write_parameters(self._key(name), content)
        with storage_errors():
            self.client.put_object(
                Bucket=self.bucket_name, Key=self._key(name), Body=body, ContentMD5=digest, **parameters
            )
        cleaned: str = clean_name(name)
        return cleaned

    def delete(self, name: str) -> None:
        with storage_errors():
            self.client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def exists(self, name: str) -> bool:
        try:
            with storage_errors():
                self.client.head_object(Bucket=self.bucket_name, Key=self._key(name))
        except FileNotFoundError:
            return False
        return True

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with storage_errors():
            found: tuple[list[str], list[str]] = super().listdir(path)
            return found

    def _key(self, name: str) -> str:
        key: str = self._normalize_name(clean_name(name))
        return key
