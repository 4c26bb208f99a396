package rpc

// Method returns what is known about a method, which is looked up once. The
// schema is the method's descriptor if the caller has it, and anything else if
// not. If readOnly is set, the method has no side effects, whatever its schema
// says.
func (g *Guard) Method(procedure string, schema any, readOnly bool) *Method {
	if method, ok := g.methods.load(procedure); ok {
		return method
	}
	method := newMethod(g.engine, procedure, schema, readOnly)
	method.encoder = &encoder{guard: g, method: method, split: g.split}
	g.methods.store(procedure, method)
	return method
}
