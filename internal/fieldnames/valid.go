package fieldnames

// Valid reports whether a name is valid both as an HTTP header field, where it could
// have more characters (a token of RFC 9110, section 5.6.2), and as a gRPC metadata
// key. Case does not matter.
func Valid(name string) bool {
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return name != ""
}
