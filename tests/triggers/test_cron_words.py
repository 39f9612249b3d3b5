"""Cron expressions in words."""

from __future__ import annotations

import pytest

from wistro_triggers.management.cron_words import cron_words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 3 * * *", "every day at 03:00 Europe/Berlin"),
        ("30 2 * * 1-5", "on weekdays at 02:30 Europe/Berlin"),
        ("0 9,17 * * MON,fri", "every Monday and Friday at 09:00 and 17:00 Europe/Berlin"),
        ("0 8 * * 6,0", "at weekends at 08:00 Europe/Berlin"),
        ("0 0 1 * *", "on the 1st of the month at 00:00 Europe/Berlin"),
        ("15 6 1,15 jan *", "on the 1st and 15th of the month in January at 06:15 Europe/Berlin"),
        ("0 0 L * *", "on the last day of the month at 00:00 Europe/Berlin"),
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0/15 * * * *", "every 15 minutes"),
        ("*/10 9-17 * * 1-5", "every 10 minutes from 09:00 to 17:59, on weekdays Europe/Berlin"),
        ("0 * * * *", "every hour"),
        ("20 */2 * * *", "every 2 hours at 20 past Europe/Berlin"),
        ("@daily", "every day at 00:00 Europe/Berlin"),
        ("0 0 3 * * *", "every day at 03:00 Europe/Berlin"),
        ("*/30 * * * * *", "by the cron expression */30 * * * * *, Europe/Berlin"),
        ("0 0 13 * 5", "by the cron expression 0 0 13 * 5, Europe/Berlin"),
        ("7-52/9 1-5/2 * * *", "by the cron expression 7-52/9 1-5/2 * * *, Europe/Berlin"),
        ("nonsense", "by the cron expression nonsense, Europe/Berlin"),
    ],
)
def test_words(expression: str, words: str) -> None:
    assert cron_words(expression, "Europe/Berlin") == words
