// The reader's time zone, for the server to write dates in (apps/gallery/timezones.py).
'use strict'
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone) {
    const secure = location.protocol === 'https:' ? '; secure' : ''
    document.cookie = `wxcode_timezone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`
  }
}
