"""Meshes that a renderer which leaves out what faces away from it can draw."""

import numpy as np
import pytest

from egoprog.sim import shapes


def volume_m3(shape):
    a, b, c = (shape.vertices_m[shape.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


CLOSED = {
    "turned": (shapes.turned([(0, 0), (0.05, 0), (0.05, 0.1), (0, 0.1)], 64), np.pi * 0.05**2 * 0.1),
    "bar": (shapes.bar(np.array([(0, 0, 0), (0.1, 0, 0), (0.2, 0, 0)]), 0.01, 48), np.pi * 0.01**2 * 0.2),
    "column": (shapes.column([(0, 0.05, 0.03), (0.1, 0.05, 0.03)], 40, 32), 0.1 * 0.06 * 0.1),
    "slab": (shapes.slab(shapes.rounded(0.2, 0.1, 0.01), 0.0, 0.02), 0.2 * 0.1 * 0.02),
    "block": (shapes.block(0.2, 0.1, 0.05), 0.2 * 0.1 * 0.05),
    "quilt": (shapes.quilt(0.2, 0.1, np.full((4, 5), 0.02)), 0.2 * 0.1 * 0.02),
}


@pytest.mark.parametrize("name", CLOSED)
def test_faces_look_outwards_and_leave_no_hole(name):
    """Else a thing would be drawn inside out, or be seen through from one side."""
    shape, expected_m3 = CLOSED[name]
    assert volume_m3(shape) == pytest.approx(expected_m3, rel=0.05)


@pytest.mark.parametrize("name", CLOSED)
def test_pictures_cover_a_mesh_without_leaving_their_sheet(name):
    shape, _ = CLOSED[name]
    assert shape.texcoords.shape == (len(shape.vertices_m), 2)
    assert shape.texcoords.min() >= -1e-9 and shape.texcoords.max() <= 1 + 1e-9
    inside = shape.within((0.5, 0.0, 1.0, 0.25)).texcoords
    assert inside[:, 0].min() >= 0.5 - 1e-9 and inside[:, 1].max() <= 0.25 + 1e-9


def test_a_film_lies_outside_what_it_covers_and_inside_a_hollow():
    ball = shapes.turned([(np.sin(a) * 0.05, -np.cos(a) * 0.05) for a in np.linspace(0, np.pi, 12)])
    hollow = shapes.Shape(ball.vertices_m, ball.faces[:, ::-1], ball.texcoords)
    radius = np.linalg.norm(ball.vertices_m, axis=1)
    np.testing.assert_allclose(np.linalg.norm(ball.swollen(0.002).vertices_m, axis=1), radius + 0.002, atol=2e-4)
    np.testing.assert_allclose(np.linalg.norm(hollow.swollen(0.002).vertices_m, axis=1), radius - 0.002, atol=2e-4)


def test_a_shape_is_moved_turned_and_joined():
    disc = shapes.disc(0.1, 0.0)
    upright = disc.rotated(np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])).at(z=0.3)
    assert np.ptp(upright.vertices_m[:, 0]) < 1e-9 and upright.vertices_m[:, 2].max() == pytest.approx(0.4)
    both = disc + upright
    assert both.faces.max() == len(both.vertices_m) - 1
