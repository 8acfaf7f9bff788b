"""The programme: an adopted plan under execution, kept in an append-only ledger."""
