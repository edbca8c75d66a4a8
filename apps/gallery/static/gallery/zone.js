// The reader's time zone, for the server to write dates in (apps/gallery/timezones.py).
'use strict'
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone) {
    // of the service, which may be below a path
    const root = new URL(document.currentScript.src).pathname.replace(/static\/gallery\/zone\.js$/, '')
    const secure = location.protocol === 'https:' ? '; secure' : ''
    document.cookie = `wxcode_timezone=${encodeURIComponent(zone)}; path=${root}; max-age=31536000; samesite=lax${secure}`
  }
}
