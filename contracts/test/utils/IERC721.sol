// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

interface IERC721 {
    function ownerOf(uint256 id) external view returns (address);
    function balanceOf(address owner) external view returns (uint256);
    function approve(address account, uint256 id) external payable;
    function transferFrom(address from, address to, uint256 id) external;
    function tokenURI(uint256 id) external view returns (string memory);
    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function supportsInterface(bytes4 id) external view returns (bool);
}
