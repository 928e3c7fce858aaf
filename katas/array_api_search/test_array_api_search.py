"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np
import torch

from autograder.checks import assert_close

QUERIES = [[3.0, 4.0]]
CORPUS = [[0.0, 2.0], [0.0, 0.0], [5.0, 0.0], [-3.0, -4.0]]


def test_the_worked_example(submission):
    scores, rows = submission.cosine_top_k(np.array(QUERIES), np.array(CORPUS), 3, 2)
    assert_close(scores, np.array([[0.8, 0.6, 0.0]]))
    assert_close(rows, np.array([[0, 2, 1]]))


def test_tensors_give_tensors(submission):
    scores, rows = submission.cosine_top_k(torch.tensor(QUERIES), torch.tensor(CORPUS), 9, 3)
    assert_close(scores, torch.tensor([[0.8, 0.6, 0.0, -1.0]]))
    assert_close(rows, torch.tensor([[0, 2, 1, 3]]))


def test_a_step_of_k_means(submission):
    points = np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 9.0]])
    centroids = np.array([[0.0, 1.0], [8.0, 8.0], [-50.0, 0.0]])
    moved, labels = submission.kmeans_step(points, centroids)
    assert_close(labels, np.array([0, 0, 1]))
    assert_close(moved, np.array([[1.0, 0.0], [9.0, 9.0], [-50.0, 0.0]]))


def test_a_step_of_k_means_with_tensors(submission):
    moved, labels = submission.kmeans_step(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0]]))
    assert_close(labels, torch.tensor([0, 0]))
    assert_close(moved, torch.tensor([[2.0]]))
