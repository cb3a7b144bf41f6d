package repository

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Key is a PGP key that signs. [ReadKey] makes it.
type Key struct{ entity *openpgp.Entity }

// ReadKey reads the secret key in a file, armored or not, such as gpg
// --export-secret-keys writes. The passphrase is needed if it has one.
func ReadKey(path, passphrase string) (Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("reading the signing key: %w", err)
	}
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(data))
	if err != nil {
		keys, err = openpgp.ReadKeyRing(bytes.NewReader(data))
	}
	if err != nil || len(keys) != 1 || keys[0].PrivateKey == nil {
		return Key{}, fmt.Errorf("reading the signing key: %s does not hold one secret PGP key", path)
	}
	key := keys[0]
	if err := key.DecryptPrivateKeys([]byte(passphrase)); err != nil {
		return Key{}, fmt.Errorf("reading the signing key %s: its passphrase, from $NFPM_PASSPHRASE, does not fit", path)
	}
	if _, ok := key.SigningKey(time.Now()); !ok {
		return Key{}, fmt.Errorf("reading the signing key: %s has none that may sign and is valid today", path)
	}
	return Key{key}, nil
}

// clearSign wraps text in a signature (RFC 4880, section 7).
func (k Key) clearSign(text []byte) ([]byte, error) {
	signer, _ := k.entity.SigningKey(time.Now()) // ReadKey has looked
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, signer.PrivateKey, &packet.Config{})
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

// sign makes a detached signature.
func (k Key) sign(text []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&out, k.entity, bytes.NewReader(text), nil); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return out.Bytes(), nil
}

// public is the public key, for those who check.
func (k Key) public() ([]byte, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err == nil {
		err = k.entity.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		_, err = io.WriteString(&out, "\n")
	}
	if err != nil {
		return nil, fmt.Errorf("writing the public key: %w", err)
	}
	return out.Bytes(), nil
}
