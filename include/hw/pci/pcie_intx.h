/*
 * The INTx pin of a PCI Express port
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_PCI_PCIE_INTX_H
#define HW_PCI_PCIE_INTX_H

#include "hw/pci/pci.h"

/**
 * pcie_no_msi_target: nothing on this board receives MSIs
 *
 * For a board on which devices offer MSIs all the same (msi_nonbroken).
 */
void pcie_no_msi_target(void);

/**
 * pcie_port_init_intx: choose the pin of a port that has to do without MSIs
 *
 * A port passes the INTA of the device behind it on as its own slot's INTA. If
 * the port itself used that too, software could not remove the device while it
 * handles an interrupt of the port, as Linux does: the device's driver would
 * wait for that handler to end. So the port uses INTD, and keeps its pin where
 * there are MSIs.
 */
void pcie_port_init_intx(PCIDevice *dev);

/**
 * pcie_update_intx: drive the INTx pin of a port from all that can raise it
 *
 * The pin is high while there is a hot-plug event that software wants to know
 * of, or, at a root port, an error that it has enabled in the Root Error
 * Command register. For ports that have a pin and use neither MSI nor MSI-X.
 */
void pcie_update_intx(PCIDevice *dev);

#endif
