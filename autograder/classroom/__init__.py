"""What serves an instructor: grading one or thousands, gradebook, assignments, reports."""
