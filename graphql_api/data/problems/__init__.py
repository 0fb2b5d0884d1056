"""Problems, and their texts, checkers, test sets and lists."""
