--- A module that raises.

error("this module does not load")
