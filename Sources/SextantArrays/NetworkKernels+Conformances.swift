// The network kernels of `Float` and `Double`.

import CVectorKernels

extension Float: NetworkScalar {
  private static let tables = Processor.InstructionSet.allCases.map {
    NetworkKernels<Float>(vk_network_kernels_for_float($0.code).pointee)
  }
  private static let chosenTable = networkKernels(for: Processor.chosenInstructionSet)

  public static func networkKernels(for set: Processor.InstructionSet) -> NetworkKernels<Float> {
    tables[Int(set.code.rawValue)]
  }
  public static var networkKernels: NetworkKernels<Float> { chosenTable }
}

extension NetworkKernels where Scalar == Float {
  fileprivate init(_ table: vk_network_kernels_float) {
    activate = table.activate
    activationPullback = table.activation_pullback
    products = table.products
    sum = table.sum
    fromDoubles = table.from_doubles
    copyRows = table.copy_rows
    affineRows = table.affine_rows
    inverseRoots = table.inverse_roots
    affinePairRows = table.affine_pair_rows
    columnSums = table.column_sums
    weightedColumnSums = table.weighted_column_sums
    rowSums = table.row_sums
    fillRows = table.fill_rows
    sumRowPairs = table.sum_row_pairs
    gatherColumns = table.gather_columns
    scatterColumns = table.scatter_columns
    gatherRows = table.gather_rows
    scatterRows = table.scatter_rows
    softmaxRows = table.softmax_rows
    softmaxRowsPullback = table.softmax_rows_pullback
    softmaxColumns = table.softmax_columns
    softmaxColumnsPullback = table.softmax_columns_pullback
    rmsRows = table.rms_rows
    rmsRowsPullback = table.rms_rows_pullback
    rmsSiLURows = table.rms_silu_rows
    rmsSiLURowsPullback = table.rms_silu_rows_pullback
    normalisation = table.normalisation
    normalisationPullback = table.normalisation_pullback
    lineInputs = table.line_inputs
    lineOutputs = table.line_outputs
    lineOutputGradients = table.line_output_gradients
    lineWeights = table.line_weights
    lineWeightGradients = table.line_weight_gradients
    adam = table.adam
    (tileRows, tileColumns) = (Int(table.tile_rows), Int(table.tile_columns))
    packColumns = table.pack_columns
    packRows = table.pack_rows
    panelProducts = table.panel_products
    transposedProducts = table.transposed_products
    denseRows = table.dense_rows
    denseOutputs = table.dense_outputs
    denseInputs = table.dense_inputs
    adamProduct = table.adam_product
    follow = table.follow
    keepMask = table.keep_mask
    affine = table.affine
    couple = table.couple
    couplePullback = table.couple_pullback
  }
}

extension Double: NetworkScalar {
  private static let tables = Processor.InstructionSet.allCases.map {
    NetworkKernels<Double>(vk_network_kernels_for_double($0.code).pointee)
  }
  private static let chosenTable = networkKernels(for: Processor.chosenInstructionSet)

  public static func networkKernels(for set: Processor.InstructionSet) -> NetworkKernels<Double> {
    tables[Int(set.code.rawValue)]
  }
  public static var networkKernels: NetworkKernels<Double> { chosenTable }
}

extension NetworkKernels where Scalar == Double {
  fileprivate init(_ table: vk_network_kernels_double) {
    activate = table.activate
    activationPullback = table.activation_pullback
    products = table.products
    sum = table.sum
    fromDoubles = table.from_doubles
    copyRows = table.copy_rows
    affineRows = table.affine_rows
    inverseRoots = table.inverse_roots
    affinePairRows = table.affine_pair_rows
    columnSums = table.column_sums
    weightedColumnSums = table.weighted_column_sums
    rowSums = table.row_sums
    fillRows = table.fill_rows
    sumRowPairs = table.sum_row_pairs
    gatherColumns = table.gather_columns
    scatterColumns = table.scatter_columns
    gatherRows = table.gather_rows
    scatterRows = table.scatter_rows
    softmaxRows = table.softmax_rows
    softmaxRowsPullback = table.softmax_rows_pullback
    softmaxColumns = table.softmax_columns
    softmaxColumnsPullback = table.softmax_columns_pullback
    rmsRows = table.rms_rows
    rmsRowsPullback = table.rms_rows_pullback
    rmsSiLURows = table.rms_silu_rows
    rmsSiLURowsPullback = table.rms_silu_rows_pullback
    normalisation = table.normalisation
    normalisationPullback = table.normalisation_pullback
    lineInputs = table.line_inputs
    lineOutputs = table.line_outputs
    lineOutputGradients = table.line_output_gradients
    lineWeights = table.line_weights
    lineWeightGradients = table.line_weight_gradients
    adam = table.adam
    (tileRows, tileColumns) = (Int(table.tile_rows), Int(table.tile_columns))
    packColumns = table.pack_columns
    packRows = table.pack_rows
    panelProducts = table.panel_products
    transposedProducts = table.transposed_products
    denseRows = table.dense_rows
    denseOutputs = table.dense_outputs
    denseInputs = table.dense_inputs
    adamProduct = table.adam_product
    follow = table.follow
    keepMask = table.keep_mask
    affine = table.affine
    couple = table.couple
    couplePullback = table.couple_pullback
  }
}
