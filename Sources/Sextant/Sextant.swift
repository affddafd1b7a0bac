// The umbrella: everything the command line uses, for people who write their own programs.
// It defines nothing itself; where two layers use one name, it says which is meant.

@_exported import SextantArrays
@_exported import SextantAutodiff
@_exported import SextantConfiguration
@_exported import SextantDiffusion
@_exported import SextantEvaluation
@_exported import SextantFlows
@_exported import SextantGeometry
@_exported import SextantMeasurement
@_exported import SextantNetworks
@_exported import SextantPriors
@_exported import SextantReport
@_exported import SextantRuns
@_exported import SextantSignals
@_exported import SextantSolvers
@_exported import SextantSparse
@_exported import SextantStorage

/// A physical quantity of a field; a tensor on a tape is `SextantAutodiff.Variable`.
public typealias Variable = SextantSignals.Variable
