/*
 * The INTx pin of a PCI Express port
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_PCI_PCIE_INTX_H
#define HW_PCI_PCIE_INTX_H

#include "hw/pci/pci.h"

/**
 * pcie_update_intx: drive the INTx pin of a port from all that can raise it
 *
 * The pin is high while there is a hot-plug event that software wants to know
 * of, or, at a root port, an error that it has enabled in the Root Error
 * Command register. For ports that have a pin and use neither MSI nor MSI-X.
 */
void pcie_update_intx(PCIDevice *dev);

#endif
