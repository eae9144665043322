"""How is a segment kept on disk? One checked container per segment, read through numpy; ``docs/file-format.md`` is its grammar."""
