"""What a funder's own paperwork already shows: checks over procurement releases and over the ledger."""
