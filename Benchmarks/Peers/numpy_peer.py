"""The benchmark's rows in NumPy, SciPy, scikit-learn and netCDF4: closed forms, mixtures and files."""

from peer_protocol import absent, serve, thread_count

THREADS = thread_count()

try:
    import netCDF4
    import numpy
    import safetensors  # noqa: F401
    from scipy.linalg import cho_solve, cholesky, eigh
    from numpy_patches import PatchMixtureDenoising, PatchMixtureTraining
except ImportError as error:
    absent(error)


class GaussianPosterior:
    def __init__(self, settings, arrays):
        self.states = numpy.array(settings["states"])
        self.arrays = {name.removeprefix("input."): array for name, array in arrays.items()}

    def check(self):
        a, states = self.arrays, self.states
        observed = a["covariance"][states]
        innovation = observed[:, states].astype(float)
        innovation[numpy.diag_indices_from(innovation)] += a["variances"]
        factor = cholesky(innovation, lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve((factor, True), a["anomalies"].astype(float), check_finite=False)
        draws = a["white"] @ cholesky(a["covariance"], lower=True, check_finite=False).T
        misfit = a["anomalies"] - draws[:, states] - numpy.sqrt(a["variances"]) * a["noise"]
        corrections = cho_solve((factor, True), misfit.T.astype(float), overwrite_b=True, check_finite=False)
        return {
            "mean": weights.astype(numpy.float32) @ observed,
            "samples": draws + corrections.astype(numpy.float32).T @ observed,
        }

    def run(self):
        self.check()


class EmpiricalModes:
    def __init__(self, settings, arrays):
        self.count = settings["modes"]
        self.anomalies = arrays["input.anomalies"]

    def evaluate(self):
        count = len(self.anomalies)
        scaled = self.anomalies * numpy.float32(count**-0.5)
        precise = scaled.astype(float)
        values, vectors = eigh(
            precise @ precise.T, subset_by_index=(count - self.count, count - 1), overwrite_a=True, check_finite=False)
        modes = vectors[:, ::-1].T.astype(numpy.float32) @ scaled
        residual = numpy.square(scaled).sum(0) - numpy.square(modes).sum(0)
        return numpy.sqrt(values[::-1]), residual, modes

    def check(self):
        deviations, residual, modes = self.evaluate()
        return {"deviations": deviations, "residual": residual, "squares": modes * modes}

    def run(self):
        self.evaluate()


class ArchiveReading:
    def __init__(self, settings, arrays):
        self.path, self.variables = settings["path"][0], settings["variables"]

    def check(self):
        with netCDF4.Dataset(self.path) as file:
            fields = [file[name][:].reshape(len(file[name]), -1) for name in self.variables]
        return {"values": numpy.ma.stack(fields, 2).filled(0)}

    def run(self):
        self.check()


serve(
    "NumPy " + numpy.__version__,
    THREADS,
    {
        "gaussian-posterior": GaussianPosterior,
        "eof": EmpiricalModes,
        "netcdf-read": ArchiveReading,
        "patch-mixture-training": PatchMixtureTraining,
        "patch-mixture-denoising": PatchMixtureDenoising,
    },
)
