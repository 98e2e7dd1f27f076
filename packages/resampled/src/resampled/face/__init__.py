"""What a user calls: takes a search or scores, checks what is known of them, and says what they mean.

It imports all rooms of the package, and no stage of the pipeline uses it.
"""
