"""Times by cftime, the reference for CF calendars: prints Tests/SextantSignalsTests/Fixtures/cf_times.json.

Each row: units, calendar, value, ISO text, fraction of the year. Needs cftime; made with cftime 1.6.6.1.
"""

import json

import cftime

CALENDARS = ["standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "366_day", "360_day"]
UNITS = [
    "days since 1850-1-1", "hours since 1900-01-01 00:00:0.0", "seconds since 1970-01-01T00:00:00+00:00",
    "minutes since 2000-02-28 12:30:00", "days since 0001-01-01", "hours since 2000-01-01 06:00:00 -06:00",
    "days since 1582-10-04 12:00", "days since 1800-1-1 00:00:0.0",
]
VALUES = [0, 1, -1, 0.5, 1 / 3, 58.25, 366, 10000.75, -657073, 1e6 + 0.125, 5e7]

rows = []
for calendar in CALENDARS:
    for units in UNITS:
        for value in VALUES:
            try:
                date = cftime.num2date(value, units, calendar, only_use_cftime_datetimes=True)
            except (OverflowError, ValueError):
                continue
            if not 1 <= date.year <= 9999:
                continue
            # To the millisecond, carrying upwards as a rounding of the whole time does.
            date = cftime.num2date(
                round(cftime.date2num(date, "milliseconds since 2000-01-01", calendar)),
                "milliseconds since 2000-01-01", calendar, only_use_cftime_datetimes=True)
            start, end = (cftime.datetime(y, 1, 1, calendar=calendar) for y in (date.year, date.year + 1))
            fraction = (date - start).total_seconds() / (end - start).total_seconds()
            text = date.strftime("%H:%M:%S")
            milliseconds = date.microsecond // 1000
            iso = f"{date.year:04d}-{date.month:02d}-{date.day:02d}T{text}" + (f".{milliseconds:03d}" if milliseconds else "")
            rows.append([units, calendar, value, iso, fraction])
print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")
