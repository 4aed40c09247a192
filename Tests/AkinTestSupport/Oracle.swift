import Akin
