"""What is measured, and how: speed, size, memory and relevance, beside peers in the same run. Nothing here is asserted in a test."""
