import Sextant
