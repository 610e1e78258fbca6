package badgerstore

// A store says in its schema record the newest layout that it holds records
// of, so that a program which does not know them refuses it. A store of an older
// layout is read as it is, and gets the newer number with the first record that
// needs it, in the same transaction. Layout 1 was the first.
const (
	layoutUsage = 2 // adds the space of usages

	// schemaVersion is the newest layout that this program knows; a store of a
	// newer one is refused.
	schemaVersion = layoutUsage
)

// raiseLayout lets the store say that it holds records of this layout.
func (b *batch) raiseLayout(to uint32) error {
	if b.s.com.layout >= to {
		return nil
	}
	if err := b.set(metaSchema.key(), encodeSchema(to)); err != nil {
		return err
	}
	b.after = append(b.after, func() { b.s.com.layout = max(b.s.com.layout, to) })
	return nil
}
