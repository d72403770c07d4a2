package gitlabsim

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

// numberKeys returns the projects of a scenario with an ID in each client key: the next one that is free, counting up
// from 1 through all projects.
func numberKeys(projects []Project) []Project {
	explicit := map[int64]bool{}
	for _, p := range projects {
		for _, key := range p.ClientKeys {
			explicit[key.ID] = true
		}
	}
	projects = slices.Clone(projects)
	var next int64
	for n := range projects {
		keys := slices.Clone(projects[n].ClientKeys)
		for m := range keys {
			if keys[m].ID != 0 {
				continue
			}
			next++
			for explicit[next] {
				next++
			}
			keys[m].ID = next
		}
		projects[n].ClientKeys = keys
	}
	return projects
}

// setKeys replaces the client keys of a project by valid ones. A key without an ID gets the next one of the instance's
// sequence, which given IDs advance.
func (i *instance) setKeys(p *project, keys ClientKeys) {
	p.keys = slices.Clone(keys)
	for _, key := range p.keys {
		i.lastKeyID = max(i.lastKeyID, key.ID)
	}
	for n := range p.keys {
		key := &p.keys[n]
		if key.ID == 0 {
			i.lastKeyID++
			key.ID = i.lastKeyID
		}
		key.PublicKey = cmp.Or(key.PublicKey, publicKey(key.ID))
	}
	slices.SortFunc(p.keys, func(a, b ClientKey) int { return cmp.Compare(a.ID, b.ID) })
}

// createKey adds an active client key to a project.
func (i *instance) createKey(p *project) ClientKey {
	i.lastKeyID++
	key := ClientKey{ID: i.lastKeyID, PublicKey: publicKey(i.lastKeyID)}
	p.keys = append(p.keys, key)
	return key
}

// publicKey makes a public key in GitLab's form. It depends on the ID alone, so that a run can be repeated.
func publicKey(id int64) string {
	return fmt.Sprintf("glet_%x", sha256.Sum256([]byte(strconv.FormatInt(id, 10))))[:len("glet_")+32]
}
