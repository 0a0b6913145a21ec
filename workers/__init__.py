"""Workers: Celery rings the bell, the journal decides who works."""
