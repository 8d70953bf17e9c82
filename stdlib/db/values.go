package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
	"vera/stdlib/strictjson"
)

// param turns a Lua value into a statement's parameter. Every value is sent
// as text, which PostgreSQL reads as the type that the statement asks for, so
// that a script need not know whether a column is an int4, a numeric or a
// uuid. A table is sent as JSON, nil and json.null as NULL.
func (b *binding) param(ctx context.Context, v lua.LValue) (any, error) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), nil
	case lua.LBool:
		return strconv.FormatBool(bool(v)), nil
	case lua.LNumber:
		f := float64(v)
		if f == math.Trunc(f) && math.Abs(f) <= luaconv.MaxSafeInteger {
			return strconv.FormatInt(int64(f), 10), nil
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case *lua.LTable:
		text, err := json.AppendJSON(ctx, nil, v, json.Limits{Bytes: b.limits.StringBytes})
		return string(text), err
	}
	if luaconv.IsNull(v) {
		return nil, nil
	}
	return nil, fmt.Errorf("a %s is no SQL value", v.Type())
}

// row reads the current row. SQL's NULL becomes nil.
func (r *reading) row(rows pgx.Rows) ([]any, error) {
	columns := rows.FieldDescriptions()
	raw := rows.RawValues()
	if err := r.add(0); err != nil { // the row itself, which may have no columns
		return nil, err
	}
	for i, bytes := range raw {
		if err := r.add(len(bytes)); err != nil {
			return nil, err
		}
		r.noteLength(columns[i].Name, len(bytes))
	}
	values, err := rows.Values()
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if values[i], err = r.fromSQL(columns[i], raw[i], v); err != nil {
			return nil, fmt.Errorf("column %q: %w", columns[i].Name, err)
		}
		if text, ok := values[i].(string); ok {
			r.noteLength(columns[i].Name, len(text))
		}
	}
	return values, nil
}

// fromSQL turns a column's value, raw and as pgx decoded it, into one that
// luaconv.FromGo takes: integers as numbers (as text beyond 2^53), numeric and
// uuid as text, timestamptz as Unix seconds, json as tables, bytea as bytes.
func (r *reading) fromSQL(column pgconn.FieldDescription, raw []byte, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if column.DataTypeOID == pgtype.JSONOID || column.DataTypeOID == pgtype.JSONBOID {
		return r.fromJSON(raw)
	}
	return r.fromPgx(column.DataTypeOID, v)
}

func (r *reading) fromPgx(oid uint32, v any) (any, error) {
	switch v := v.(type) {
	case string, bool, float64, int32, nil:
		return v, nil
	case int16:
		return int32(v), nil
	case float32:
		return float64(v), nil
	case int64:
		if v > luaconv.MaxSafeInteger || v < -luaconv.MaxSafeInteger {
			return strconv.FormatInt(v, 10), nil
		}
		return v, nil
	case []byte:
		return string(v), nil
	case [16]byte:
		return uuid.UUID(v).String(), nil
	case time.Time:
		return fromTime(oid, v), nil
	case pgtype.Numeric:
		return r.fromNumeric(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if err = r.add(0); err != nil {
				return nil, err
			}
			if list[i], err = r.fromPgx(0, item); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("its type has no Lua value; cast it, for instance to text")
}

// fromNumeric gives a number's digits. They may be a hundred thousand where
// eight bytes came.
func (r *reading) fromNumeric(n pgtype.Numeric) (any, error) {
	if err := r.add(int(max(n.Exp, -n.Exp))); err != nil {
		return nil, err
	}
	return n.Value()
}

func fromTime(oid uint32, t time.Time) any {
	switch oid {
	case pgtype.DateOID:
		return t.Format(time.DateOnly)
	case pgtype.TimestampOID:
		return t.Format("2006-01-02 15:04:05.999999")
	}
	return float64(t.UnixMicro()) / 1e6
}

func (r *reading) fromJSON(raw []byte) (any, error) {
	tree, err := strictjson.Parse(raw, strictjson.Limits{Values: maxResultValues + 1 - r.values})
	fault, _ := errors.AsType[*strictjson.SyntaxError](err)
	switch {
	case fault != nil && fault.Limit == strictjson.TooMany:
		r.values = maxResultValues
		return nil, r.add(0)
	case fault != nil && fault.Limit == strictjson.TooDeep:
		return nil, limit.Fixed("depth", strictjson.DefaultDepth, "its JSON is nested too deep")
	case err != nil:
		return nil, fmt.Errorf("its JSON has no Lua value: %w", err)
	}
	return r.exact(tree)
}

// exact puts text in place of the integers in a tree that a Lua number would
// round, and counts its values.
func (r *reading) exact(tree any) (_ any, err error) {
	if err := r.add(0); err != nil {
		return nil, err
	}
	switch v := tree.(type) {
	case strictjson.Number:
		if _, ok := v.Int64(); v.IsInteger() && !ok {
			return string(v), nil
		}
	case []any:
		for i := range v {
			if v[i], err = r.exact(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = r.exact(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}
