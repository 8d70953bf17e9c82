package pg

var InstalledIn = installed
