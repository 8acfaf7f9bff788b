"""National firm networks: who, if sanctioned, starved of inputs or failed, brings the economy down."""
