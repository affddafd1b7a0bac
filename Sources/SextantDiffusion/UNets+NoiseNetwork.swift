// The U-Nets along the vertex array as noise networks: the one-dimensional DDPM of the APS paper and the common form.

import SextantNetworks

extension SixLevelUNet: NoiseNetwork {}

extension UNet1D: NoiseNetwork {}
