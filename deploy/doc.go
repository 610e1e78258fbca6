// Package deploy checks the files beside it: what runs scopegate under systemd
// and Kubernetes, and what tells Prometheus when to wake somebody. It has
// tests and no other code.
//
// It owns that these files parse, that they keep the product's promises (no
// root, a read-only root file system, one writer per store) and that they name
// only metrics, reasons and settings that exist. It refuses to know how the
// product works.
package deploy
