"""Places, areas and interpolated values on grids that are not latitude-longitude grids, by independent programs:
HEALPix centres by astropy-healpix, map projections by pyproj (whose reading of CF attributes is its own), the areas of
cells and the Delaunay triangles of their centres by SciPy.

Usage: python grids.py > Tests/SextantSignalsTests/Fixtures/grids.json
Needs: numpy, scipy, pyproj, astropy-healpix.
"""

import json

import astropy_healpix
import numpy
import pyproj
import scipy.interpolate
import scipy.spatial


def truth(latitude, longitude):
    """A smooth field that has a value everywhere."""
    phi, la = numpy.radians(latitude), numpy.radians(longitude)
    return 280 + 15 * numpy.cos(phi) ** 2 + 6 * numpy.sin(2 * la) * numpy.cos(phi) + 3 * numpy.sin(3 * phi + la)


def position(latitude, longitude):
    phi, la = numpy.radians(latitude), numpy.radians(longitude)
    return numpy.stack([numpy.cos(phi) * numpy.cos(la), numpy.cos(phi) * numpy.sin(la), numpy.sin(phi)], axis=-1)


def place(p):
    p = p / numpy.linalg.norm(p, axis=-1, keepdims=True)
    return numpy.degrees(numpy.arcsin(p[..., 2])), numpy.degrees(numpy.arctan2(p[..., 1], p[..., 0]))


def rounded(values, digits=10):
    return [None if not numpy.isfinite(v) else round(float(v), digits) for v in numpy.ravel(values)]


def healpix():
    rows = []
    for side, order in [(4, "nested"), (4, "ring"), (8, "ring"), (1, "nested"), (64, "nested"), (64, "ring")]:
        grid = astropy_healpix.HEALPix(nside=side, order=order)
        cells = numpy.unique(numpy.linspace(0, grid.npix - 1, 48).astype(int))
        longitude, latitude = grid.healpix_to_lonlat(cells)
        rows.append(dict(side=side, order=order, cells=cells.tolist(), latitudes=rounded(latitude.deg), longitudes=rounded(longitude.deg)))
    return rows


WGS84 = dict(semi_major_axis=6378137.0, inverse_flattening=298.257223563)
MAPPINGS = {
    "polar_stereographic north": dict(grid_mapping_name="polar_stereographic", straight_vertical_longitude_from_pole=-45.0,
        latitude_of_projection_origin=90.0, standard_parallel=70.0, **WGS84),
    "polar_stereographic south": dict(grid_mapping_name="polar_stereographic", straight_vertical_longitude_from_pole=10.0,
        latitude_of_projection_origin=-90.0, scale_factor_at_projection_origin=0.994, false_easting=2000000.0,
        false_northing=2000000.0, **WGS84),
    "lambert_conformal_conic": dict(grid_mapping_name="lambert_conformal_conic", standard_parallel=[33.0, 45.0],
        longitude_of_central_meridian=-97.0, latitude_of_projection_origin=40.0, earth_radius=6370000.0),
    "lambert_azimuthal_equal_area": dict(grid_mapping_name="lambert_azimuthal_equal_area", longitude_of_projection_origin=0.0,
        latitude_of_projection_origin=90.0, **WGS84),
    "lambert_cylindrical_equal_area": dict(grid_mapping_name="lambert_cylindrical_equal_area",
        longitude_of_central_meridian=0.0, standard_parallel=30.0, **WGS84),
    "albers_conical_equal_area": dict(grid_mapping_name="albers_conical_equal_area", standard_parallel=[29.5, 45.5],
        longitude_of_central_meridian=-96.0, latitude_of_projection_origin=23.0, **WGS84),
    "transverse_mercator": dict(grid_mapping_name="transverse_mercator", scale_factor_at_central_meridian=0.9996,
        longitude_of_central_meridian=9.0, latitude_of_projection_origin=0.0, false_easting=500000.0, **WGS84),
    "mercator": dict(grid_mapping_name="mercator", longitude_of_projection_origin=10.0, standard_parallel=0.0, **WGS84),
    "EPSG 3413 as well-known text": dict(crs_wkt=pyproj.CRS.from_epsg(3413).to_wkt()),
}


def projections():
    rows = []
    x = numpy.array([-1.9e6, -0.6e6, 0.35e6, 1.7e6])
    y = numpy.array([2.1e6, 0.4e6, -1.3e6])
    for name, attributes in MAPPINGS.items():
        system = pyproj.CRS.from_wkt(attributes["crs_wkt"]) if "crs_wkt" in attributes else pyproj.CRS.from_cf(attributes)
        inverse = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
        longitude, latitude = inverse.transform(*numpy.meshgrid(x, y))
        texts = {k: v for k, v in attributes.items() if isinstance(v, str)}
        numbers = {k: numpy.atleast_1d(v).tolist() for k, v in attributes.items() if not isinstance(v, str)}
        rows.append(dict(name=name, texts=texts, numbers=numbers, x=x.tolist(), y=y.tolist(), latitudes=rounded(latitude), longitudes=rounded(longitude)))
    return rows


def interpolated(points, values, places, triangles):
    """Linear interpolation in the plane triangle that the ray to each place meets."""
    result = []
    for p in places:
        weights = numpy.stack([numpy.linalg.solve(points[t].T, p) for t in triangles])
        inside = numpy.argmax(weights.min(axis=1) / numpy.abs(weights).sum(axis=1))
        w = weights[inside]
        assert w.min() > 0, "a place outside"
        result.append(w @ values[triangles[inside]] / w.sum())
    return numpy.array(result)


def cells(random):
    """Cells like ICON's, with corners, on the whole sphere; and the centres of those of an ocean, like FESOM's nodes."""
    count = 160
    i = numpy.arange(count) + 0.5
    z = 1 - 2 * i / count
    angle = numpy.pi * (1 + 5 ** 0.5) * i
    points = numpy.stack([numpy.sqrt(1 - z ** 2) * numpy.cos(angle), numpy.sqrt(1 - z ** 2) * numpy.sin(angle), z], axis=1)
    points += 0.03 * random.normal(size=points.shape)
    points /= numpy.linalg.norm(points, axis=1, keepdims=True)
    latitude, longitude = place(points)
    latitude, longitude = numpy.round(latitude, 8), numpy.round(longitude, 8)
    points = position(latitude, longitude)
    voronoi = scipy.spatial.SphericalVoronoi(points)
    voronoi.sort_vertices_of_regions()
    width = max(len(r) for r in voronoi.regions)
    corners = numpy.array([r + [r[-1]] * (width - len(r)) for r in voronoi.regions])
    corner_places = place(voronoi.vertices[corners])
    triangles = scipy.spatial.ConvexHull(points).simplices
    places = position(*place(random.normal(size=(24, 3))))
    targets = place(places)
    whole = dict(
        latitudes=rounded(latitude, 8), longitudes=rounded(longitude, 8), corners=width,
        cornerLatitudes=rounded(corner_places[0], 8), cornerLongitudes=rounded(corner_places[1], 8),
        areas=rounded(voronoi.calculate_areas()), values=rounded(truth(latitude, longitude), 6),
        targetLatitudes=rounded(targets[0]), targetLongitudes=rounded(targets[1]),
        targetValues=rounded(interpolated(points, truth(latitude, longitude), places, triangles), 6))

    count = 1200
    i = numpy.arange(count) + 0.5
    latitude = numpy.round(numpy.degrees(numpy.arcsin(1 - 2 * i / count)), 8)
    longitude = numpy.round((numpy.degrees(numpy.pi * (1 + 5 ** 0.5) * i) + 180) % 360 - 180, 8)
    land = (numpy.abs(latitude - 30) < 35) & (numpy.abs(longitude - 60) < 50) | (latitude < -65)
    latitude, longitude = latitude[~land], longitude[~land]
    points = position(latitude, longitude)
    triangles = scipy.spatial.ConvexHull(points).simplices
    tree = scipy.spatial.cKDTree(points)
    candidates = position(*place(random.normal(size=(400, 3))))
    # Well inside the ocean: all around a place there are nodes.
    near = [p for p in candidates if all(
        tree.query((p + d) / numpy.linalg.norm(p + d))[0] < 0.08 for d in 0.12 * numpy.vstack([numpy.eye(3), -numpy.eye(3)]))]
    places = numpy.array(near[:24])
    targets = place(places)
    # Points that nobody should interpolate to.
    ocean = dict(
        latitudes=rounded(latitude, 8), longitudes=rounded(longitude, 8),
        values=rounded(truth(latitude, longitude), 6), targetLatitudes=rounded(targets[0]), targetLongitudes=rounded(targets[1]),
        targetValues=rounded(interpolated(points, truth(latitude, longitude), places, triangles), 6),
        landLatitudes=[30.0, 20.0, -85.0], landLongitudes=[60.0, 80.0, 0.0])
    return whole, ocean


def plane(random):
    """Bilinear interpolation in the plane of a polar stereographic map, and a curvilinear grid of which a block is land."""
    mapping = MAPPINGS["polar_stereographic north"]
    system = pyproj.CRS.from_cf(mapping)
    forward = pyproj.Transformer.from_crs(system.geodetic_crs, system, always_xy=True)
    x, y = numpy.linspace(-2e6, 2e6, 21), numpy.linspace(2e6, -2e6, 21)
    longitude, latitude = forward.transform(*numpy.meshgrid(x, y), direction="INVERSE")
    values = truth(latitude, longitude)
    targets = random.uniform(-1.8e6, 1.8e6, size=(24, 2))
    target_longitude, target_latitude = forward.transform(targets[:, 0], targets[:, 1], direction="INVERSE")
    bilinear = scipy.interpolate.RegularGridInterpolator((y[::-1], x), values[::-1])
    stereographic = dict(
        x=x.tolist(), y=y.tolist(), values=rounded(values, 6), targetLatitudes=rounded(target_latitude),
        targetLongitudes=rounded(target_longitude), targetValues=rounded(bilinear(targets[:, ::-1]), 6))

    rows, columns = 24, 30
    j, i = numpy.meshgrid(numpy.arange(rows), numpy.arange(columns), indexing="ij")
    latitude = numpy.round(-40 + 3.0 * j + 0.3 * i, 8)
    longitude = numpy.round(10 + 3.0 * i - 0.4 * j, 8)
    hole = (j > 8) & (j < 15) & (i > 10) & (i < 20)
    bilinear = scipy.interpolate.RegularGridInterpolator(
        (numpy.arange(rows), numpy.arange(columns)), numpy.where(hole, numpy.nan, truth(latitude, longitude)))
    targets = random.uniform([0, 0], [rows - 1, columns - 1], size=(60, 2))
    values = bilinear(targets)
    targets, values = targets[numpy.isfinite(values)][:24], values[numpy.isfinite(values)][:24]
    holes = dict(
        rows=rows, columns=columns, latitudes=rounded(latitude, 8), longitudes=rounded(longitude, 8),
        isOutside=[bool(v) for v in hole.ravel()], values=rounded(numpy.where(hole, 0, truth(latitude, longitude)), 6),
        targetLatitudes=rounded(-40 + 3.0 * targets[:, 0] + 0.3 * targets[:, 1]),
        targetLongitudes=rounded(10 + 3.0 * targets[:, 1] - 0.4 * targets[:, 0]), targetValues=rounded(values, 6))
    return stereographic, holes


def main():
    random = numpy.random.default_rng(7)
    whole, ocean = cells(random)
    stereographic, holes = plane(random)
    print(json.dumps(dict(
        healpix=healpix(), projections=projections(), cells=whole, ocean=ocean, stereographic=stereographic, holes=holes)))


main()
