package lua51

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// fixCode corrects the instructions of proto and of the functions in it where
// the syntax tree offers no way round: in table constructors whose positional
// values number a multiple of 50, the size of the blocks that they are stored
// in. A field with a key that follows makes the library store the last block
// once more, from registers that may be in use again, and the values of a call
// that ends the list go over that block instead of after it.
//
// It refuses what does not fit into the library's instructions.
func fixCode(proto *lua.FunctionProto) *SyntaxError {
	if len(proto.DbgUpvalues) > 255 {
		return refuse(proto, proto.LineDefined, "the function uses more than 255 locals from outside")
	}
	stored := make(map[uint32]uint32) // full blocks by the table's register
	for pc, code := range proto.Code {
		op, table, block, count := code>>26, code>>18&0xff, code>>9&0x1ff, code&0x1ff
		switch int(op) {
		case lua.OP_NEWTABLE:
			stored[table] = 0
		case lua.OP_SETLIST:
			last := stored[table]
			switch {
			case block == 0, count == 0 && last == 0x1ff:
				return refuse(proto, proto.DbgSourcePositions[pc],
					fmt.Sprintf("the table has more than %d values without a key", 0x1ff*lua.FieldsPerFlush))
			case count == 0 && block == last: // all that the call gave
				proto.Code[pc] = code + 1<<9
			case block == last:
				proto.Code[pc] = uint32(lua.OP_NOP) << 26
			}
			stored[table] = block
		}
	}
	for _, inner := range proto.FunctionPrototypes {
		if err := fixCode(inner); err != nil {
			return err
		}
	}
	return nil
}

func refuse(proto *lua.FunctionProto, line int, message string) *SyntaxError {
	return &SyntaxError{File: proto.SourceName, Line: line, Message: message}
}
