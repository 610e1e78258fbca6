package authz

import "fmt"

// secretHolders are the declared clients by their secrets, under every hash
// key that a secret's text is known for.
type secretHolders map[hashed]int

// claim notes the secrets of the i-th client and returns what is wrong with
// those that an earlier one has already: who knew the secret of the one would
// be the other.
func (h secretHolders) claim(k *HashKeys, i int, d *Declared) (wrong []*FieldError) {
	for j := range d.Secrets {
		sums := k.sumsOf(&d.Secrets[j])
		for _, sum := range sums {
			if first, taken := h[sum]; taken && first != i {
				problem := fmt.Sprintf("is a secret of clients[%d], too; each client needs its own", first)
				wrong = append(wrong, &FieldError{fmt.Sprintf("secrets[%d]", j), problem})
				break
			}
		}
		for _, sum := range sums {
			if _, taken := h[sum]; !taken {
				h[sum] = i
			}
		}
	}
	return wrong
}

// sumsOf are a declared secret's hashes: that which is given, or those of its
// text under every key. What is no secret has none.
func (k *HashKeys) sumsOf(d *DeclaredSecret) (sums []hashed) {
	if d.HashKeyID != "" {
		return []hashed{{d.HashKeyID, d.Hash}}
	}
	if !IsSecretText(d.Text.text) {
		return nil
	}
	for _, id := range k.order {
		sums = append(sums, hashed{id, k.hashUnder(id, d.Text.text)})
	}
	return sums
}
