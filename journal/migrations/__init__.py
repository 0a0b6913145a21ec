"""The database's migrations, run by Alembic. Later ones are put beside the first, by whichever room needs them."""
