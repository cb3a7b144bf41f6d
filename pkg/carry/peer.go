package carry

import "fmt"

func checkUser(peer, own int) error {
	if peer != own && peer != 0 {
		return fmt.Errorf("the other side is user %d, which is neither this one (%d) nor root", peer, own)
	}
	return nil
}
